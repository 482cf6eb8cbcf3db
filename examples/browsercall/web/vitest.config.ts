import { defineConfig } from 'vitest/config';

// Tests stand beside what they test. Those that drive browsers are no part of this: see browsers/.
export default defineConfig({
  test: { include: ['client/**/*.test.ts', 'page/**/*.test.ts'], testTimeout: 30_000, pool: 'threads', maxWorkers: 2 },
});
