export { type Interrupt, listenForInterrupt } from './interrupt.js';
export { resetStack } from './reset.js';
export { startStack } from './stack.js';
export type {
  PortName,
  ServiceHandle,
  ServiceName,
  Stack,
  StackOptions,
  StackServices,
} from './stack-options.js';
export { readStack, type RunningStack } from './stack-state.js';
