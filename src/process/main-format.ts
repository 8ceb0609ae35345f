/** Returns whether the file that the process was started with is a CommonJS module. */
export function isMainCommonJs(): boolean {
  const { mainModule } = process as { readonly mainModule?: unknown };
  return mainModule !== undefined;
}
