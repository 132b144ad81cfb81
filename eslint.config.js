import tseslint from 'typescript-eslint';

const typescript = ['**/*.ts', '**/*.tsx'];

/** Syntax that takes a part of the type check away. */
const noWayRoundTheTypes = [
  {
    selector: 'TSAsExpression > TSAsExpression[typeAnnotation.type="TSUnknownKeyword"]',
    message: 'A cast through unknown hides a wrong type: parse the value, or correct the type.',
  },
];

/** A timer needs an owner that clears it. The rules of the call take time as an input and have none. */
const noTimers = ['setTimeout', 'setInterval', 'setImmediate'].map(name => ({
  name,
  message: 'The core takes time as an input (see src/ports.ts).',
}));

export default tseslint.config(
  { ignores: ['**/dist/**', '**/node_modules/**', '.weir/**', 'coverage/**'] },
  { linterOptions: { reportUnusedDisableDirectives: 'error', noInlineConfig: true } },
  {
    files: typescript,
    extends: [tseslint.configs.recommendedTypeChecked],
    languageOptions: {
      parserOptions: {
        projectService: { allowDefaultProject: [] },
        tsconfigRootDir: import.meta.dirname,
      },
    },
    rules: {
      eqeqeq: ['error', 'always', { null: 'ignore' }],
      'no-console': 'error',
      'no-restricted-syntax': ['error', ...noWayRoundTheTypes],
      'prefer-const': 'error',
      '@typescript-eslint/ban-ts-comment': [
        'error',
        { 'ts-expect-error': true, 'ts-ignore': true, 'ts-nocheck': true },
      ],
      '@typescript-eslint/consistent-type-exports': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-floating-promises': ['error', { ignoreVoid: false }],
      '@typescript-eslint/no-import-type-side-effects': 'error',
      '@typescript-eslint/no-misused-promises': 'error',
      '@typescript-eslint/no-unnecessary-condition': ['error', { allowConstantLoopConditions: true }],
      '@typescript-eslint/no-unnecessary-type-assertion': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      '@typescript-eslint/only-throw-error': 'error',
      '@typescript-eslint/prefer-promise-reject-errors': 'error',
      // Ports return promises, also where an implementation has nothing to wait for.
      '@typescript-eslint/require-await': 'off',
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
      '@typescript-eslint/return-await': ['error', 'in-try-catch'],
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
    },
  },
  {
    // The pure rooms: no clock, no timer, no promise of their own.
    files: ['src/conference/**/*.ts', 'src/allocation/**/*.ts', 'signalling/wire/**/*.ts', 'signalling/sdp/**/*.ts'],
    ignores: ['**/*.test.ts'],
    rules: {
      'no-restricted-globals': ['error', ...noTimers],
      'no-restricted-properties': [
        'error',
        { object: 'Date', property: 'now', message: 'The core takes time as an input (see src/ports.ts).' },
      ],
    },
  },
  {
    // Talks to a terminal: that is its job.
    files: ['bench/**/*.ts', 'demo/**/*.ts', 'docker/**/*.ts', 'setup/**/*.ts', 'src/main.ts', 'src/cli/**/*.ts'],
    rules: { 'no-console': 'off' },
  },
  {
    files: ['**/*.test.ts', '**/*.test.tsx'],
    rules: {
      // expect(mock.method) is the idiom of the test runner.
      '@typescript-eslint/unbound-method': 'off',
    },
  },
);
