export { dataPlaces } from './data-places.js';
export { listenForInterrupt } from './interrupt.js';
export { resetStack } from './reset.js';
export { startStack } from './stack.js';
export type { Stack, StackOptions, StackServices } from './stack-options.js';
export { readStack } from './stack-state.js';
