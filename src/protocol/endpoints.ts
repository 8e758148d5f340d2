/** The endpoints of doctape (wire document section 1.1). Each is the default of an option of the clients. */
export const endpoints = {
  authorization: 'https://my.doctape.com/oauth2',
  token: 'https://my.doctape.com/oauth2/token',
  api: 'https://api.doctape.com/v1',
} as const;

/** The out-of-band redirect URI: the user copies the code by hand (wire document section 2.5). */
export const outOfBand = 'urn:ietf:wg:oauth:2.0:oob';

/** The lifetime of an access token in seconds: five years (wire document section 2.8). */
export const tokenLifetime = 157_680_000;

/** The lifetime of an authorization code in seconds (wire document section 2.8). */
export const codeLifetime = 600;
