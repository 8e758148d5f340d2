/** Whether a body arrives in another form than its lengths and ranges count: `fetch` unpacks what is compressed. */
export function isEncoded(headers: Headers): boolean {
  const codings = (headers.get('content-encoding') ?? '').split(',');
  return codings.some((coding) => !['', 'identity'].includes(coding.trim().toLowerCase()));
}
