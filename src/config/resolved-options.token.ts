/** What {@link ResolvedOptions} are injected by. */
export const RESOLVED_OPTIONS = Symbol('nestjs-drain.resolved-options');
