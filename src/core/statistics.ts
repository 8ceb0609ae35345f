/** Numbers by name: what a participant tells of what it holds. */
export type Statistics = Readonly<Record<string, number>>;
