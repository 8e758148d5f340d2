import { Tokenizer, TokenParser, TokenType } from '@streamparser/json';

/** Takes an envelope around a map apart while it arrives. */
export interface EnvelopeParser {
  /** The values of `result` that these bytes completed, with their keys. They are not kept. */
  write(bytes: Uint8Array): [key: string, value: unknown][];
  /** What stood under `error`. */
  error(): unknown;
  /** `complete`: it was all there, and `result` was a map. `broken`: it is no JSON. */
  state(): 'open' | 'complete' | 'broken';
}

const opening: readonly TokenType[] = [TokenType.LEFT_BRACE, TokenType.LEFT_BRACKET];
const closing: readonly TokenType[] = [TokenType.RIGHT_BRACE, TokenType.RIGHT_BRACKET];

export function envelopeParser(): EnvelopeParser {
  let arrived: [string, unknown][] = [];
  let error: unknown;
  let isMap = false;
  let broken = false;

  const values = new TokenParser({ paths: ['$.error', '$.result.*'], keepStack: false });
  values.onValue = ({ key, value, stack }) => {
    if (stack.length === 2) arrived.push([String(key), value]);
    else error = value;
  };

  // `$.result` as a path would tell what it is, but then all of it would be kept
  let depth = 0;
  let key: unknown;
  let previous: TokenType | undefined;
  const tokens = new Tokenizer();
  tokens.onToken = (token) => {
    if (depth === 1 && previous === TokenType.COLON && key === 'result') isMap = token.token === TokenType.LEFT_BRACE;
    if (depth === 1 && token.token === TokenType.STRING) key = token.value;
    if (opening.includes(token.token)) depth++;
    if (closing.includes(token.token)) depth--;
    previous = token.token;
    values.write(token);
  };
  tokens.onError = values.onError = () => {
    broken = true; // the error quotes the input
  };
  // the document is over when its last brace is, not when somebody says so
  values.onEnd = () => {
    if (!tokens.isEnded) tokens.end();
  };

  return {
    write(bytes) {
      tokens.write(bytes);
      const complete = arrived;
      arrived = [];
      return complete;
    },
    error: () => error,
    state: () => (broken ? 'broken' : values.isEnded && isMap ? 'complete' : 'open'),
  };
}
