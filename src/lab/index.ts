/** The lab without its page: configurations, runs, and what can be said of them. */

export { checkConfig, MAX_INTERVENTIONS, MAX_UNTIL_MS } from './check-config.ts'
export { type EventWords, eventWords } from './event-words.ts'
export {
  DEFAULT_LAB,
  DEFAULT_PATH,
  type ForgedSegment,
  type Intervention,
  type LabConfig,
  type LabHost,
  type LabPath,
  SIDES,
  type Side,
  versusConfig,
} from './lab-config.ts'
export { LabError } from './lab-error.ts'
export { type LabEnd, LabRun, MAX_RUN_STEPS, type SentPacket } from './lab-run.ts'
export { findLesson, LESSON_GROUPS, LESSONS, type Lesson, type LessonGroup, lessonOf } from './lessons.ts'
export { type Outcome, outcomeOf } from './outcome.ts'
export { parseProgram, STEP_FORMS, type Step } from './program.ts'
export { sharedConfig, shareText } from './share.ts'
export { Timeline } from './timeline.ts'
export { type Snapshot, Track, Tracks } from './tracks.ts'
export { boundsOf, findTunable, TUNABLES, type Tunable, usualValue } from './tunables.ts'
export { type ValueContext, valueText } from './variable-text.ts'
export { TIMER_OFF, UNBOUNDED, VARIABLES, type Variable } from './variables.ts'
