export * from './access-gate.js'
export type { AnswerChange } from './answers.js'
export type { Identity } from './decide.js'
export type { DocumentChange, ShownDocument } from './documents.js'
export type {
  BodyNeeded,
  PolicyDecision,
  PolicyPerson,
  PolicyQuestion,
  PolicyRefusal,
  RequestPolicy,
} from './enforce.js'
export { labelStudioForms, type SignInForm } from './forms.js'
export type { AccessGateOptions, Identification, Identify } from './options.js'
export type { Verdict } from './verdict.js'
