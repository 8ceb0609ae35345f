import ts from 'typescript';

/** A JSON Schema, or a part of one. */
export type Schema = { readonly [keyword: string]: unknown };

/** Describes the type `ShutdownReport` of a source file as JSON Schema, with what its TSDoc says. */
export function reportSchema(path: string): Schema {
  const program = ts.createProgram([path], { strict: true, exactOptionalPropertyTypes: true });
  const checker = program.getTypeChecker();
  const source = program.getSourceFile(path)!;
  const declaration = source.statements.find(
    (statement) => ts.isInterfaceDeclaration(statement) && statement.name.text === 'ShutdownReport',
  )!;
  const describe = (symbol: ts.Symbol | undefined): Schema => {
    const text = ts.displayPartsToString(symbol?.getDocumentationComment(checker)).replaceAll('\n', ' ');
    return text === '' ? {} : { description: text };
  };

  const schemaOf = (type: ts.Type): Schema => {
    if (type.isUnion()) {
      const values = type.types.map((part) => (part as Partial<ts.LiteralType>).value);
      return values.every((value) => typeof value === 'string')
        ? { enum: values.toSorted() }
        : { anyOf: type.types.map(schemaOf) };
    }
    if (type.isLiteral()) return { const: type.value };
    if (type.flags & ts.TypeFlags.String) return { type: 'string' };
    if (type.flags & ts.TypeFlags.Number) return { type: 'number' };
    if (checker.isArrayType(type)) {
      const [item] = checker.getTypeArguments(type as ts.TypeReference);
      return { type: 'array', items: schemaOf(item!) };
    }
    const values = type.getStringIndexType();
    if (values) return { type: 'object', additionalProperties: schemaOf(values) };
    if (type.flags & ts.TypeFlags.Object) return objectOf(type);
    throw new Error(`${checker.typeToString(type)} has no place in a report`);
  };

  const objectOf = (type: ts.Type): Schema => {
    const properties = type.getProperties();
    const isOptional = (symbol: ts.Symbol): boolean => (symbol.flags & ts.SymbolFlags.Optional) !== 0;
    return {
      type: 'object',
      required: properties.filter((symbol) => !isOptional(symbol)).map(({ name }) => name),
      properties: Object.fromEntries(
        properties.map((symbol) => [
          symbol.name,
          { ...describe(symbol), ...schemaOf(checker.getNonNullableType(checker.getTypeOfSymbol(symbol))) },
        ]),
      ),
    };
  };

  const type = checker.getTypeAtLocation(declaration);
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: 'ShutdownReport',
    ...describe(type.symbol),
    ...objectOf(type),
  };
}
