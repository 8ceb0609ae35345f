import ts from 'typescript';
import { read } from './markdown.js';

const PATH = 'src/config/options.ts';

/** An option as its TSDoc has it. */
export interface OptionDocs {
  /** Options within an option have its name in front: `health.readiness`. */
  readonly name: string;
  /** Its type, without `undefined`. */
  readonly type: string;
  /** What the TSDoc says after "Default:"; `undefined` for options that hold others. */
  readonly defaultText: string | undefined;
  /** The environment variable that the TSDoc names. */
  readonly variable: string | undefined;
}

/** The members of `GracefulShutdownOptions`, those of the options within it included. */
export function documentedOptions(): OptionDocs[] {
  const file = ts.createSourceFile(PATH, read(PATH), ts.ScriptTarget.ESNext, true);
  const interfaces = new Map(
    file.statements
      .filter(ts.isInterfaceDeclaration)
      .map((declaration) => [declaration.name.text, declaration]),
  );
  const optionsOf = (interfaceName: string, prefix: string): OptionDocs[] => {
    const declaration = interfaces.get(interfaceName);
    if (!declaration) throw new Error(`${PATH} has no interface ${interfaceName}`);
    return declaration.members.filter(ts.isPropertySignature).flatMap((member) => {
      const name = prefix + member.name.getText();
      const text = textOf(member);
      const type = (member.type?.getText() ?? '').replace(/ \| undefined$/, '');
      const inner = interfaces.has(type) ? optionsOf(type, `${name}.`) : [];
      return [
        {
          name,
          type: type.replace(/^\((\(.*)\)$/, '$1'),
          defaultText: /\bDefault: (.*?)\.(?= [A-Z]|$)/s.exec(text)?.[1],
          variable: /\bVariable: `(\w+)`/.exec(text)?.[1],
        },
        ...inner,
      ];
    });
  };
  return optionsOf('GracefulShutdownOptions', '');
}

/** A member's TSDoc as Markdown, on one line. */
function textOf(member: ts.PropertySignature): string {
  const comment = ts
    .getJSDocCommentsAndTags(member)
    .filter(ts.isJSDoc)
    .map(({ comment }) => (typeof comment === 'string' ? comment : (comment ?? []).map(partOf).join('')))
    .join('\n');
  return comment.replace(/\s+/g, ' ');
}

function partOf(part: ts.JSDocComment): string {
  return ts.isJSDocLink(part) ? `\`${part.name?.getText() ?? ''}\`` : part.text;
}
