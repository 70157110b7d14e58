/** The link of a host that is alone: what it sends to others is lost, as nobody else is there. */

import type { Link } from './link.ts'

/** For hosts that only speak to themselves (127.0.0.1): those packets never reach a link. */
export function noLink(mtu = 65_535): Link {
  return {
    mtu,
    maxPacket: mtu,
    checksumOffload: true,
    onPacket: null,
    onBatchEnd: null,
    onWritable: null,
    onError: null,
    send: () => true,
    ref: () => {},
    unref: () => {},
    close: () => {},
  }
}
