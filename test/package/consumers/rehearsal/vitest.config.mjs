export default { test: { include: ['**/*.vitest.mjs'], testTimeout: 300_000 } };
