import { afterEach, describe, expect, it, vi } from 'vitest';
import { parseRetryAfter } from '../../../src/transport/http/http-date.js';

const now = Date.UTC(2014, 9, 21, 7, 28, 0);

afterEach(() => {
  vi.unstubAllEnvs();
});

describe('Retry-After in seconds', () => {
  it.each<[string, number]>([
    ['0', 0],
    ['1', 1],
    ['120', 120],
    [' 120 ', 120],
    ['007', 7],
    ['86400', 86_400],
    ['9999999999', 9_999_999_999],
  ])('is read from %j', (header, seconds) => {
    expect(parseRetryAfter(header, now)).toBe(seconds);
  });

  it.each([null, '', ' ', '-1', '+1', '1.5', '1e3', '0x10', '1s', '120, 120', '٣', 'NaN', 'Infinity', 'null'])(
    'is not read from %j',
    (header) => {
      expect(parseRetryAfter(header, now)).toBeUndefined();
    },
  );
});

describe('Retry-After as a date', () => {
  it.each<[string, number]>([
    ['Tue, 21 Oct 2014 07:28:00 GMT', 0],
    ['Tue, 21 Oct 2014 07:28:30 GMT', 30],
    ['Wed, 22 Oct 2014 07:28:00 GMT', 86_400],
    ['Tue, 21 Oct 2014 07:00:00 GMT', 0],
    ['Sun, 06 Nov 1994 08:49:37 GMT', 0],
    ['Tuesday, 21-Oct-14 07:28:30 GMT', 30],
    ['Tue Oct 21 07:28:30 2014', 30],
  ])('is read from %j', (header, seconds) => {
    expect(parseRetryAfter(header, now)).toBe(seconds);
  });

  it('without a zone is in Greenwich’s, wherever this machine is', () => {
    vi.stubEnv('TZ', 'Asia/Tokyo');
    expect(new Date(now).getTimezoneOffset()).toBe(-540);
    expect(parseRetryAfter('Tue Oct 21 07:28:30 2014', now)).toBe(30);
  });

  it('is rounded up, so that nobody comes too early', () => {
    expect(parseRetryAfter('Tue, 21 Oct 2014 07:28:30 GMT', now + 1)).toBe(30);
    expect(parseRetryAfter('Tue, 21 Oct 2014 07:28:30 GMT', now + 999)).toBe(30);
    expect(parseRetryAfter('Tue, 21 Oct 2014 07:28:30 GMT', now + 1000)).toBe(29);
  });

  it.each([
    'soon',
    'tomorrow',
    'Tue',
    'Tue, 21 Oct',
    'Oct 2030',
    'try again in 5 minutes',
    'max 2030',
    'Tue, 41 Oct 2014 07:28:30 GMT',
    'Tue, 21 Oct 2014 07:28:30 Nowhere',
    '2014-10-21T07:28:30Z',
  ])('is not read from %j', (header) => {
    expect(parseRetryAfter(header, now)).toBeUndefined();
  });
});
