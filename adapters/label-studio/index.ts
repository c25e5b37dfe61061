export type { ImportState } from '../../lib/adapter/index.js'
export { type LabelStudioAdapters, labelStudioAdapters } from './adapters.js'
export type { LabelStudioApiOptions, LabelStudioConnection } from './api/options.js'
export {
  type IdentifyOptions,
  identifyLabelStudioUser,
  type LabelStudioIdentification,
  type LabelStudioIdentify,
  type LabelStudioIdentity,
  type RequestWithHeaders,
} from './api/sessions/identify.js'
export type { OwnerTokenOptions } from './api/sessions/owner.js'
export { type LabelStudioOwnerOptions, labelStudioOwner } from './gate/owner.js'
export type {
  Importer,
  ImportOptions,
  ImportReport,
  RegularImportOptions,
} from './import/import.js'
export type { CommunityDeprovisioning, LabelStudioAdaptersOptions } from './options.js'
export { sinceFirstRule } from './policy/in-force.js'
export { type LabelStudioPolicyOptions, labelStudioPolicy } from './policy/index.js'
