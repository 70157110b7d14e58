/** A closed window, and probes into it that nobody answers any more. */

import { counted } from '../../../trace/counted.ts'
import { type Case, evidence, type Rule, seconds } from '../case.ts'
import type { SideFacts } from '../facts.ts'
import { goneCauses } from './reset-story.ts'

/** Probes without an answer that are no accident. */
const IN_VAIN = 3

const silentReader = ({ server, client, opened }: Case): SideFacts | null => {
  if (!opened) return null
  const isSilent = ({ zeroSince, probedInVain }: SideFacts): boolean =>
    zeroSince >= 0 && probedInVain >= IN_VAIN
  return isSilent(server) ? server : isSilent(client) ? client : null
}

/** Who reads nothing answers probes all the same; who answers none is gone. */
export const probesInVain: Rule = {
  verdict: 'unacknowledged',
  applies: (c) => c.reset === null && silentReader(c) !== null,
  tell: (c) => {
    const side = silentReader(c)!
    const isServer = side === c.server
    const who = isServer ? 'server' : 'client'
    return {
      culprit: 'path',
      confidence: 'likely',
      ambiguous: true,
      detail: `the ${who} had closed its window, and ${counted(side.probedInVain, 'probe')} into it since ${seconds(c.facts.last.at - side.last.at)} found nobody`,
      evidence: evidence(
        [side.zeroWindow, `the ${who} closes its window`],
        [side.last, `last that is heard of the ${who}`],
        [c.facts.last, 'last probe'],
      ),
      client: isServer ? 'timed-out' : 'unaware',
      server: isServer ? 'unaware' : 'timed-out',
      causes: goneCauses(),
      next: [`a capture at the ${who}: do the probes arrive, does it answer?`],
    }
  },
}
