/** A piece of code, and what it is: the name of a class of CSS, or nothing. */
export interface Piece {
  text: string;
  kind?: string;
}

const keywords =
  'as|async|await|break|case|catch|class|const|continue|default|delete|do|else|export|extends|finally|for|from|function|if|import|in|instanceof|let|new|of|return|static|super|switch|this|throw|try|typeof|var|void|while|yield';

const pattern = new RegExp(
  [
    String.raw`(?<comment>\/\/.*|\/\*[\s\S]*?(?:\*\/|$))`,
    String.raw`(?<string>'(?:\\.|[^'\\\n])*'?|"(?:\\.|[^"\\\n])*"?|${'`'}(?:\\.|[^${'`'}\\])*${'`'}?)`,
    String.raw`(?<keyword>(?<![\w$.])(?:${keywords})(?![\w$]))`,
    String.raw`(?<constant>(?<![\w$])(?:true|false|null|undefined|\d[\d_]*(?:\.\d+)?)(?![\w$]))`,
    String.raw`(?<call>[\w$]+(?=\())`,
  ].join('|'),
  'g',
);

/** Splits JavaScript into lines of coloured pieces. It knows words, not the grammar, which is enough for short programs. */
export function highlight(code: string): Piece[][] {
  const lines: Piece[][] = [[]];
  const add = (text: string, kind?: string) => {
    for (const [index, part] of text.split('\n').entries()) {
      if (index > 0) lines.push([]);
      if (part !== '') lines.at(-1)?.push(kind === undefined ? { text: part } : { text: part, kind });
    }
  };
  let end = 0;
  for (const { 0: text, index, groups = {} } of code.matchAll(pattern)) {
    add(code.slice(end, index));
    add(
      text,
      Object.keys(groups).find((kind) => groups[kind] !== undefined),
    );
    end = index + text.length;
  }
  add(code.slice(end));
  return lines;
}
