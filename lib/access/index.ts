export * from './enforce.js'
export * from './inline.js'
export type { ReconcilerOptions } from './options.js'
export * from './reconciler.js'
