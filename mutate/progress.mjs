/** A reporter for Stryker: one line on standard error every ten seconds, or in place on a terminal. */

import { relative } from 'node:path'
import { declareValuePlugin, PluginKind } from '@stryker-mutator/api/plugin'

const EVERY_MS = 10_000
const EVERY_MS_ON_A_TERMINAL = 500

class Progress {
  #total = 0
  #done = 0
  #survived = 0
  #started = Date.now()
  #timer = null

  onDryRunCompleted({ result: { tests } }) {
    const skipped = tests.filter(({ status }) => status === 2)
    process.stderr.write(`${tests.length - skipped.length} tests; left out: ${skipped.length}\n`)
    for (const { id } of skipped) process.stderr.write(`  ${id}\n`)
  }

  onMutationTestingPlanReady({ mutantPlans }) {
    this.#total = mutantPlans.filter(({ mutant }) => mutant.status !== 'Ignored').length
    this.#started = Date.now()
    const every = process.stderr.isTTY ? EVERY_MS_ON_A_TERMINAL : EVERY_MS
    this.#timer = setInterval(() => this.#show(), every)
  }

  onMutantTested({ status, fileName, location, mutatorName, replacement }) {
    if (status === 'Ignored') return
    this.#done++
    if (status !== 'Survived' && status !== 'NoCoverage') return
    this.#survived++
    const change = `${mutatorName} ${replacement}`.replace(/\s+/g, ' ').slice(0, 80)
    const { line, column } = location.start
    process.stderr.write(`${status} ${relative(process.cwd(), fileName)}:${line}:${column} ${change}\n`)
  }

  onMutationTestReportReady() {
    clearInterval(this.#timer)
    if (process.stderr.isTTY) process.stderr.write('\n')
  }

  #show() {
    const minutes = (Date.now() - this.#started) / 60_000
    const left = this.#done === 0 ? '?' : ((minutes * (this.#total - this.#done)) / this.#done).toFixed(0)
    const text = `${this.#done} of ${this.#total} mutants, ${this.#survived} survived, ${minutes.toFixed(0)} min, ${left} min left`
    process.stderr.write(process.stderr.isTTY ? `\r\x1b[K${text}` : `${text}\n`)
  }
}

export const strykerPlugins = [declareValuePlugin(PluginKind.Reporter, 'elko-progress', new Progress())]
