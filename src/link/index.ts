/** `elko/link`: a stack on real packets. */

export * from './portable.ts'
export { type CaptureSink, type TeeLink, type TeeOptions, tee } from './tee.ts'
export { kernelEndsFor, openTun, TunError, type TunErrorCode, TunLink, type TunOptions } from './tun.ts'
