export {
  createRecorder,
  type RecordedExchange,
  type Recorder,
  type RecordStep,
} from './recorder.js'
export type {
  ExchangeStep,
  Expected,
  ParallelStep,
  RepeatedStep,
  Step,
  Transcript,
  TranscriptRequest,
} from './transcript.js'
export { type TranscriptHead, transcriptFile } from './transcript-file.js'
