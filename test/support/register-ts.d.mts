/** Node's own import(), with our TypeScript understood. */
export declare const importNative: (url: string) => Promise<unknown>;
