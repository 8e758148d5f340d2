import type { Application } from 'typedoc';

// A plugin of typedoc: it writes the class of `@throws {Class} text`, which typedoc keeps out of the pages.

export function load({ converter }: Application): void {
  converter.on('resolveBegin', ({ project }) => {
    for (const { comment } of Object.values(project.reflections)) {
      for (const tag of comment?.getTags('@throws') ?? []) {
        if (tag.typeAnnotation === undefined) continue;
        const name = tag.typeAnnotation.replace(/^\{|\}$/g, '');
        tag.content.unshift({ kind: 'code', text: `\`${name}\`` }, { kind: 'text', text: ': ' });
        delete tag.typeAnnotation; // two symbols can share a comment
      }
    }
  });
}
