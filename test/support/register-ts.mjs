// `node --import ./test/support/register-ts.mjs file.ts` runs our TypeScript without a build.
import { register } from 'node:module';

register('./ts-hooks.mjs', import.meta.url);

// Jest turns globalSetup into CommonJS, where import() has become require(); this one stays Node's own.
export const importNative = (url) => import(url);
