export { type LabelStudioAdapters, labelStudioAdapters } from './adapters.js'
export { type IdentifyOptions, identifyLabelStudioUser } from './api/sessions/identify.js'
export { type LabelStudioOwnerOptions, labelStudioOwner } from './gate/owner.js'
export type { Importer, ImportReport } from './import/import.js'
export type { CommunityDeprovisioning, LabelStudioAdaptersOptions } from './options.js'
export {
  type LabelStudioPolicyOptions,
  labelStudioPolicy,
  type WorkspaceProjects,
} from './policy/index.js'
