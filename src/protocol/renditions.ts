// wire document sections 3.2 and 3.3
/**
 * The forms in which a file can be downloaded: the original and the conversions. A file without the requested rendition is a
 * {@link NotFoundError}.
 */
export const renditions = [
  'original',
  'thumb_120.jpg',
  'thumb_320.jpg',
  'document.pdf',
  'image.jpg',
  'audio.mp3',
  'video_640.mp4',
  'video_1280.mp4',
  'poster_640.jpg',
  'poster_1280.jpg',
] as const;

/** One of the {@link renditions}. */
export type Rendition = (typeof renditions)[number];
