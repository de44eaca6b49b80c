import type { Plugin } from '../context.js';

export const metrics: Plugin = () => [];
