import type { Change, FileRecord, Store } from 'doctape-sdk/sandbox';

/** Adds files of Alice, of which one in ten is on one of 50 tapes, like uploads do, but 1,000 in each commit. */
export async function fill(store: Store, count: number): Promise<void> {
  let bytes = 0;
  for (let start = 0; start < count; start += 1_000) {
    const changes: Change[] = [];
    for (let index = start; index < Math.min(count, start + 1_000); index++) {
      const id = crypto.randomUUID();
      const content = new TextEncoder().encode(`content of file ${index}`);
      const writer = await store.writeBlob(id);
      await writer.write(content);
      await writer.finish();
      bytes += content.byteLength;
      const tape = index % 10 === 0 ? `tape-${(index / 10) % 50}` : undefined;
      const record: FileRecord = {
        id,
        owner: 'alice',
        name: `file ${index}`,
        extension: 'txt',
        type: 'text/plain',
        size: content.byteLength,
        time_added: 1_400_000_000 + index,
        media_type: 'document',
        tags: tape === undefined ? ['a'] : ['a', `#${tape}`],
        origin: 'webupload',
        starred: false,
        public_code: null,
        processing_status: 'ok',
        meta: {},
      };
      changes.push({ put: 'files', key: `alice/${id}`, record }, { keep: id });
      if (tape === undefined) continue;
      changes.push({ put: 'taped', key: `alice/${tape}/${id}`, record: { owner: 'alice', id } });
      if (index < 500)
        changes.push({
          put: 'tapes',
          key: `alice/${tape}`,
          record: { id: tape, owner: 'alice', name: tape, live: true, shared_with: [] },
        });
    }
    await store.commit([...changes, { put: 'usage', key: 'alice', record: { bytes } }]);
  }
}
