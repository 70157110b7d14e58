/** All scenarios by name, in the order of `elko sim --list`. */

import type { Scenario } from './scenario.ts'
import * as classic from './scenarios/classic.ts'
import * as closing from './scenarios/closing.ts'
import * as crashes from './scenarios/crashes.ts'
import * as limits from './scenarios/limits.ts'
import * as opening from './scenarios/opening.ts'
import * as recovery from './scenarios/recovery.ts'
import * as transfer from './scenarios/transfer.ts'
import * as windows from './scenarios/windows.ts'

export interface ScenarioGroup {
  readonly title: string
  readonly scenarios: readonly Scenario[]
}

export const SCENARIO_GROUPS: readonly ScenarioGroup[] = [
  {
    title: 'Whole connections',
    scenarios: [
      classic.classic,
      classic.bsdCalls,
      classic.rfcHandshake,
      classic.rfcClose,
      classic.clientServer,
    ],
  },
  {
    title: 'Opening',
    scenarios: [
      opening.threeWayHandshake,
      opening.simultaneousOpen,
      opening.connectionRefused,
      opening.lostSyn,
      opening.connectTimeout,
      opening.oldDuplicateSyn,
      opening.icmpUnreachable,
    ],
  },
  {
    title: 'Data',
    scenarios: [
      transfer.dataTransfer,
      transfer.push,
      transfer.urgent,
      transfer.nagle,
      transfer.delayedAck,
      transfer.sequenceWrap,
      transfer.keepAlive,
      transfer.readTimeout,
    ],
  },
  {
    title: 'Windows',
    scenarios: [windows.zeroWindow, windows.windowScaling, windows.slowStart],
  },
  {
    title: 'Losses and other mishaps',
    scenarios: [
      recovery.retransmission,
      recovery.fastRetransmit,
      recovery.reordering,
      recovery.duplicate,
      recovery.corruption,
      recovery.pathMtu,
      recovery.mtuBlackHole,
    ],
  },
  {
    title: 'Closing',
    scenarios: [
      closing.normalClose,
      closing.simultaneousClose,
      closing.halfClose,
      closing.lostFinalAck,
      closing.timeWait,
      closing.finWait2,
      closing.twoArmy,
      closing.reset,
      closing.unreadData,
      closing.brokenPipe,
      closing.endOfFile,
    ],
  },
  {
    title: 'Crashes',
    scenarios: [crashes.halfOpen, crashes.halfOpenData, crashes.isnZeroDanger],
  },
  {
    title: 'Errors that a host gives by itself',
    scenarios: [
      limits.addressInUse,
      limits.permissionDenied,
      limits.tooManyOpenFiles,
      limits.noBufferSpace,
      limits.socketClosed,
    ],
  },
]

export const SCENARIOS: readonly Scenario[] = SCENARIO_GROUPS.flatMap(({ scenarios }) => scenarios)

export function findScenario(name: string): Scenario | null {
  return SCENARIOS.find((scenario) => scenario.name === name) ?? null
}
