/** What most cases have in common: where the server listens, and the steps that an application takes. */

import type { Op } from '../script.ts'

export const PORT = 8080
export const listen: Op = { op: 'listen', port: PORT }
export const connect: Op = { op: 'connect', port: PORT }
export const accept: Op = { op: 'accept' }
export const close: Op = { op: 'close' }

/** A request and its answer, from the side that asks. */
export const exchange: readonly Op[] = [
  { op: 'send', n: 100 },
  { op: 'readfull', n: 100 },
]
/** The same from the side that answers. */
export const answer: readonly Op[] = [
  { op: 'readfull', n: 100 },
  { op: 'send', n: 100 },
]

/** A rule of nft for what the router forwards. */
export const rule = (text: string): string => `m: nft 'add rule inet lab f ${text}'`
