import { describeFormerCredentials } from '../adapters/label-studio/former-credentials.js'
import { release, startLabelStudio } from '../support/label-studio-server.js'

describeFormerCredentials(
  `what a deleted person has left in Community ${release}`,
  startLabelStudio,
)
