/** Where doctape was (wire document section 1.1). Every one of these is an option of the clients. */
export const endpoints = {
  authorization: 'https://my.doctape.com/oauth2',
  token: 'https://my.doctape.com/oauth2/token',
  api: 'https://api.doctape.com/v1',
} as const;

/** The out-of-band redirect: the user copies the code by hand (wire document section 2.5). */
export const outOfBand = 'urn:ietf:wg:oauth:2.0:oob';

/** Seconds an access token lives: five years (wire document section 2.8). */
export const tokenLifetime = 157_680_000;

/** Seconds an authorization code lives (wire document section 2.8). */
export const codeLifetime = 600;
