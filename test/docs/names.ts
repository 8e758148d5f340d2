/**
 * Globals for the code blocks of the documentation, which must import or declare all other names. A block can also declare
 * one of these names itself. reader/globals.ts defines their values.
 */
export const names: string = `
import type { ApiClient, Token, UploadSource } from 'doctape-sdk';

declare global {
  // from other code of the reader
  const api: ApiClient;
  const token: Token;
  const pending: string;
  const request: Request;
  const id: string;
  const file: UploadSource;
  let total: number;

  // elements of the page
  const button: HTMLButtonElement;
  const image: HTMLImageElement;

  // functions of the reader's application
  function show(api: ApiClient, path?: string): void;
  function showAlert(message: string): void;
  function signInAgain(scopes?: readonly string[]): void;
  function later(seconds: number): void;
}
`;
