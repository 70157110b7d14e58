/** The JSON of a diagnosis is that of JSON.stringify, however it is made. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CaptureDiagnoser, LINGERING } from '../../src/analyze/outside/capture-diagnoser.ts'
import { type CaptureDiagnosis, diagnosisJson } from '../../src/analyze/outside/capture-diagnosis.ts'
import { CaptureReader } from '../../src/capture/capture-reader.ts'
import { STORIES } from './outside-stories.ts'
import { captureOf, Story } from './wire-story.ts'

/** The last of them comes so late that those before it are plainly healthy and leave no findings. */
const CROWD = 30
const PLAIN = ['0 c S', '0.01 s SA', '0.02 c A', '0.03 c PA 100', '0.04 s PA 200', '0.05 c A']
const CLOSE = ['0.06 c FA', '0.07 s FA', '0.08 c A']

function diagnosesOf(...stories: Story[]): CaptureDiagnosis[] {
  const diagnoser = new CaptureDiagnoser()
  const reader = new CaptureReader((record) => {
    if (record.number === CROWD * (PLAIN.length + CLOSE.length)) record.number += LINGERING
    diagnoser.take(record)
  })
  reader.readWhole(captureOf(...stories))
  return [...diagnoser.report().connections]
}

test('diagnosisJson says what JSON.stringify says, of sick and of healthy connections', () => {
  const crowd = Array.from(
    { length: CROWD },
    (_, k) => new Story([...PLAIN, ...CLOSE].join('\n'), { clientPort: 50_000 + k }),
  )
  const diagnoses = [
    ...Object.values(STORIES).flatMap(({ story }) => diagnosesOf(new Story(story))),
    ...diagnosesOf(...crowd),
  ]
  for (const diagnosis of diagnoses) assert.equal(diagnosisJson(diagnosis), JSON.stringify(diagnosis))
  const healthy = diagnoses.filter((diagnosis) => diagnosis.healthy)
  assert.ok(healthy.some(({ findings }) => findings.length === 0))
  assert.ok(healthy.some(({ findings }) => findings.length > 0))
  assert.ok(healthy.length < diagnoses.length - 10, 'and sick ones')
})
