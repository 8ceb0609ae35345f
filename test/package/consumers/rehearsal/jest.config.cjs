module.exports = { testMatch: ['**/*.jest.cjs'], testTimeout: 300_000 };
