/** The link of a host that is alone: what it sends to others is lost, as nobody else is there. */

import { Alarm } from './event-loop.ts'
import type { Link } from './link.ts'

/** Holds the process for a link that nothing of the system stands behind, as an open socket would. */
export function presence(): Alarm {
  const alarm = new Alarm(() => alarm.set(Number.POSITIVE_INFINITY))
  alarm.set(Number.POSITIVE_INFINITY)
  return alarm
}

/** For hosts that only speak to themselves (127.0.0.1): those packets never reach a link. */
export function noLink(mtu = 65_535): Link {
  const held = presence()
  return {
    mtu,
    maxPacket: mtu,
    checksumOffload: true,
    onPacket: null,
    onBatchEnd: null,
    onWritable: null,
    onError: null,
    send: () => true,
    ref: () => held.ref(),
    unref: () => held.unref(),
    close: () => held.clear(),
  }
}
