/**
 * What the pieces of code in the documentation take for granted: everything else that they use they have to import or
 * declare. A piece that declares one of these names itself means its own. Their values are in reader/given.ts.
 */
export const names: string = `
import type { ApiClient, Token, UploadSource } from 'doctape-sdk';

declare global {
  // from the programs around them
  const api: ApiClient;
  const token: Token;
  const pending: string;
  const request: Request;
  const id: string;
  const file: UploadSource;
  let total: number;

  // the page that they are on
  const button: HTMLButtonElement;
  const image: HTMLImageElement;

  // what the reader's application does then
  function show(api: ApiClient, path?: string): void;
  function showAlert(message: string): void;
  function signInAgain(scopes?: readonly string[]): void;
  function later(seconds: number): void;
}
`;
