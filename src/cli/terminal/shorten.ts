import stringWidth from 'string-width';

const segmenter = new Intl.Segmenter();

/** Only the ends of a longer text are looked at, because measuring is slow. */
const longest = 1_000;

/** Shortens a file name to a number of columns, in the middle. The extension is kept: `holiday-in-…-last-day.jpg`. */
export function shorten(text: string, columns: number): string {
  const ends =
    text.length <= longest ? text : `${text.slice(0, longest / 2)}…${text.slice(-longest / 2)}`.toWellFormed();
  if (stringWidth(ends) <= columns) return ends;
  const [extension = ''] = /(?<=.)\.[^.\s]{1,12}$/u.exec(ends) ?? [];
  const letters = lettersOf(ends.slice(0, ends.length - extension.length));
  const room = columns - 1 - stringWidth(extension);
  if (room < 2) return `${take(lettersOf(ends), columns - 1)}…`;
  const end = take(letters.toReversed(), Math.floor(room / 3), 'from the end');
  return `${take(letters, room - stringWidth(end))}…${end}${extension}`;
}

function lettersOf(text: string): string[] {
  return Array.from(segmenter.segment(text), ({ segment }) => segment);
}

/** As many letters as fit. A letter can be two columns wide. */
function take(letters: readonly string[], columns: number, from?: 'from the end'): string {
  let taken = '';
  for (const letter of letters) {
    const next = from ? letter + taken : taken + letter;
    if (stringWidth(next) > columns) break;
    taken = next;
  }
  return taken;
}
