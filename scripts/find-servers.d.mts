export function findServers(): {
  readonly postgres?: string;
  readonly initdb?: string;
  readonly redis?: string;
  readonly missing: readonly string[];
};
