/** A script against the kernel's stack, from its text to its verdict: drill/drill.ts, in real time. */

import { type DrillOptions, type DrillResult, playable } from '../drill/drill.ts'
import { play } from '../drill/player.ts'
import type { Settings } from '../drill/settings.ts'
import { CONSTANTS } from '../posix/constants.ts'
import type { Defaults } from './calls.ts'
import { KernelStage } from './kernel-stage.ts'
import { type Libc, loadLibc } from './libc.ts'
import { openNetwork } from './namespace.ts'

/**
 * Plays one script to the kernel of this host, in a network namespace made for it. This thread stays there: meant for a
 * process that does nothing else. Without real time to spare (a loaded host), scripts fail for being late.
 *
 * @throws Error where the namespace or the TUN device cannot be had. What is wrong with the script is a verdict.
 */
export async function drillKernel(
  text: string,
  file: string,
  options: DrillOptions = {},
): Promise<DrillResult> {
  const read = playable(text, file, options)
  if ('verdict' in read) return read
  const { script, settings } = read
  const libc = await loadLibc()
  const stage = await openStage(libc, settings)
  try {
    const { run, play: steps } = play(script, settings)
    let step = steps.next()
    while (step.done !== true) step = steps.next(await stage.answer(step.value))
    const addresses = { local: `${settings.local}`, remote: `${settings.remote}` }
    return { file, verdict: step.value, packets: run.passed, events: [], addresses }
  } finally {
    stage.close()
  }
}

async function openStage(libc: Libc, settings: Settings): Promise<KernelStage> {
  const link = await openNetwork(libc, settings)
  const defaults: Defaults = {
    family: settings.ipVersion === 'ipv4' ? CONSTANTS.AF_INET : CONSTANTS.AF_INET6,
    local: { address: settings.local, port: settings.bindPort },
    remote: { address: settings.remote, port: settings.connectPort },
  }
  return new KernelStage(libc, link, defaults)
}
