package pointsman

// Offsets of the contract's types in an instance's memory, by the component model's canonical ABI. All of
// it follows from wit/strategy.wit and wit/guard/guard.wit; a test computes it anew from the types of the contract's
// functions.

// Sizes and alignments, in bytes.
const (
	align1, align4, align8 = 1, 4, 8

	sizeString        = 8 // pointer and length; a list alike
	sizeLabel         = 2 * sizeString
	sizeRoute         = 72
	sizeCheck         = 32
	sizeSpec          = 112
	sizeRolloutSpec   = 32
	sizeTrafficChange = 24
	sizeRouteChanges  = 144
	sizeAmount        = 8
	sizePolicy        = 3 * sizeAmount
	sizeViolation     = 24
	sizeDescription   = 32
	sizeEvaluation    = resultPlan + sizeRouteChanges // result<route-changes, evaluation-error>
	sizeConfigVerdict = 12                            // result<commitment, string>
	sizeTextOrError   = 12                            // result<string, string>
	sizeCommitment    = 8
)

// Offsets in the records that are lists' elements.
const (
	routeID       = 0
	routeRevision = 8
	routeStatus   = 16
	routeHealth   = 17
	routeTraffic  = 18
	routeRatio    = 24
	routeCreated  = 32
	routeUpdated  = 40
	routeEnd      = 56
	routeLabels   = 60

	checkName     = 0
	checkOutcome  = 8
	checkObserved = 16

	rolloutCount    = 0
	rolloutRevision = 4
	rolloutTraffic  = 12
	rolloutRatio    = 16
	rolloutLabels   = 24

	changeID      = 0
	changeTraffic = 8
	changeRatio   = 16

	violationCode    = 0
	violationIDs     = 8
	violationMessage = 16
)

// Offsets in a spec.
const (
	specDeploying = 0
	specStable    = 8
	specTarget    = 20
	specStarted   = 24
	specNow       = 32
	specAbort     = 40
	specPause     = 41
	specPromote   = 42
	specGates     = 44
	specChecks    = 52
	specLimits    = 60
	specPlaces    = 72
	specSteps     = 80
	specLabels    = 84
	specConfig    = 92
	specMemo      = 100
)

// Offsets in a plan.
const (
	planSubStep    = 0
	planRollouts   = 4
	planPromote    = 12
	planTraffic    = 20
	planDrain      = 28
	planCode       = 36
	planMessage    = 44
	planBlocking   = 52
	planGate       = 60
	planNext       = 72
	planMemo       = 88
	planCommitment = 100
	planProgress   = 112
	planLabels     = 136
)

// Offsets of what is in an option or a result, after the byte that tells which case it is.
const (
	inOption4    = 4 // a string, a number of 32 bits, a commitment
	inOption8    = 8 // a moment, a progress
	inOptionEnum = 1

	resultPlan         = 8
	resultErrorKind    = 8
	resultErrorMessage = 12
	resultText         = 4
)

// Parameters that are more than sixteen once they are flattened lie in memory, as a record would. The guard's begin as
// the strategy's do.
const (
	paramRoutes = 0
	paramSpec   = sizeString
	paramPlan   = paramSpec + sizeSpec
	paramPolicy = paramPlan + sizeRouteChanges

	sizeEvaluateParams = paramPlan
	sizeCheckIDsParams = paramPolicy
	sizeCheckParams    = paramPolicy + sizePolicy
)

// mostParams is the largest number of parameters and results of a function that is called.
const mostParams = 7
