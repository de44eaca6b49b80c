import type { Plugin } from '../context.js';

export const traceView: Plugin = () => [];
