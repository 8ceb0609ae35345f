export function installLocked(folder: string): number;
