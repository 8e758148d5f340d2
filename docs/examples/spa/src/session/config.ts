/** The server and the application to use. Read at run time, so that one build works in every deployment. */
export interface Config {
  clientId: string;
  authorizationEndpoint: string;
  issuer: string;
  baseUrl: string;
}

export async function loadConfig(): Promise<Config> {
  const response = await fetch('/config.json', { cache: 'no-cache' });
  if (!response.ok) throw new Error(`config.json: the server responded with ${response.status}`);
  const config: Partial<Record<string, unknown>> = await response.json();
  const read = (name: keyof Config): string => {
    const value = config[name];
    if (typeof value !== 'string') throw new Error(`config.json lacks ${name}`);
    return value;
  };
  return {
    clientId: read('clientId'),
    authorizationEndpoint: read('authorizationEndpoint'),
    issuer: read('issuer'),
    baseUrl: read('baseUrl'),
  };
}
