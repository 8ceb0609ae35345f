import config from './jest.config.js';

/** Of the end-to-end tests: one of each kind, for `npm run test:fast`. */
const SMOKE = [
  'health/routes',
  'http/drain',
  'nest/drain-first',
  'sse/event-streams',
  'tasks/background-tasks',
  'testing/expect-clean-close',
];

const [unit, e2e] = ['unit', 'e2e'].map((name) =>
  config.projects.find(({ displayName }) => displayName === name),
);

/** @type {import('jest').Config} */
export default {
  ...config,
  projects: [
    // It runs Jest in Jest, again and again.
    { ...unit, testPathIgnorePatterns: [...unit.testPathIgnorePatterns, '/unit/tooling/left-out'] },
    { ...e2e, testMatch: SMOKE.map((name) => `<rootDir>/test/e2e/${name}.spec.ts`) },
  ],
};
