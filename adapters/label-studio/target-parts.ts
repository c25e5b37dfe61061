import type { LabelStudioAdmin, LabelStudioApi } from './api/index.js'
import type { InviteReset } from './editions/invite-reset.js'
import type { InstallationSource } from './installation.js'
import type { LabelStudioSettings } from './options.js'

/** The parts of one Label Studio. */
export interface TargetParts {
  readonly api: LabelStudioApi
  readonly admin: LabelStudioAdmin | undefined
  readonly installation: InstallationSource
  readonly invite: InviteReset
  readonly settings: LabelStudioSettings
}
