/** What every link of a test's own has: the rest is what the test is about. */

import type { Link } from '../../src/link/link.ts'

type Callbacks = 'onPacket' | 'onBatchEnd' | 'onWritable' | 'onError'

export class BareLink implements Pick<Link, 'mtu' | 'maxPacket' | 'checksumOffload' | Callbacks> {
  readonly mtu: number = 1500
  readonly maxPacket: number = 1500
  readonly checksumOffload = false
  onPacket: Link['onPacket'] = null
  onBatchEnd: Link['onBatchEnd'] = null
  onWritable: Link['onWritable'] = null
  onError: Link['onError'] = null
}
