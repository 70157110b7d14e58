/** The lab without its page: configurations, runs, and what can be said of them. */

export { checkConfig, MAX_UNTIL_MS } from './check-config.ts'
export { checkSegment, ERROR_BOUNDS, OPTION_BOUNDS, SEGMENT_BOUNDS } from './check-forged.ts'
export { EventSteps } from './event-steps.ts'
export { type EventWords, eventWords } from './event-words.ts'
export { type ForgedError, type ForgedSegment, ICMP_ERRORS, type IcmpError } from './forged.ts'
export {
  DEFAULT_LAB,
  DEFAULT_PATH,
  type Intervention,
  type LabConfig,
  type LabHost,
  type LabPath,
  SIDES,
  type Side,
  versusConfig,
} from './lab-config.ts'
export { LabError } from './lab-error.ts'
export { type LabEnd, LabRun, recordedRun, type SentPacket } from './lab-run.ts'
export type { Try } from './lesson-tries.ts'
export {
  findLesson,
  isAsBegun,
  LESSON_GROUPS,
  LESSONS,
  type Lesson,
  type LessonGroup,
  lessonOf,
} from './lessons.ts'
export { type Outcome, outcomeOf } from './outcome.ts'
export { CALL_KINDS, parseCall, parseProgram, STEP_FORMS, type Step } from './program.ts'
export { sharedConfig, shareText } from './share.ts'
export { OPTION_VALUES, SOCKET_OPTIONS } from './socket-options.ts'
export { Timeline } from './timeline.ts'
export { type Snapshot, Track, Tracks } from './tracks.ts'
export { boundsOf, TUNABLES, type Tunable, usualValue } from './tunables.ts'
export { type ValueContext, valueText } from './variable-text.ts'
export { UNBOUNDED, VARIABLES, type Variable } from './variables.ts'
