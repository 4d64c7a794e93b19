package pointsman

// The contract's enums as text: as String writes it, in kebab-case, or with `_` as the JSON entry point has it, as a
// column of a database may hold either.

// ParseRouteStatus reads what [RouteStatus.String] writes, also with `_` in the place of `-`. It fails with an error
// that lists the words there are.
func ParseRouteStatus(word string) (RouteStatus, error) {
	value, err := routeStatuses.parse(word)
	return RouteStatus(value), err
}

// MarshalText writes the word of the JSON entry point. It fails where the value is none.
func (s RouteStatus) MarshalText() ([]byte, error) {
	return routeStatuses.text(uint8(s))
}

// UnmarshalText reads what [ParseRouteStatus] does. Nothing is changed where it is none.
func (s *RouteStatus) UnmarshalText(text []byte) error {
	read, err := ParseRouteStatus(string(text))
	if err == nil {
		*s = read
	}
	return err
}

// ParseHealthStatus reads what [HealthStatus.String] writes, also with `_` in the place of `-`. It fails with an error
// that lists the words there are.
func ParseHealthStatus(word string) (HealthStatus, error) {
	value, err := healthStatuses.parse(word)
	return HealthStatus(value), err
}

// MarshalText writes the word of the JSON entry point. It fails where the value is none.
func (s HealthStatus) MarshalText() ([]byte, error) {
	return healthStatuses.text(uint8(s))
}

// UnmarshalText reads what [ParseHealthStatus] does. Nothing is changed where it is none.
func (s *HealthStatus) UnmarshalText(text []byte) error {
	read, err := ParseHealthStatus(string(text))
	if err == nil {
		*s = read
	}
	return err
}

// ParseTrafficStatus reads what [TrafficStatus.String] writes, also with `_` in the place of `-`. It fails with an
// error that lists the words there are.
func ParseTrafficStatus(word string) (TrafficStatus, error) {
	value, err := trafficStatuses.parse(word)
	return TrafficStatus(value), err
}

// MarshalText writes the word of the JSON entry point. It fails where the value is none.
func (s TrafficStatus) MarshalText() ([]byte, error) {
	return trafficStatuses.text(uint8(s))
}

// UnmarshalText reads what [ParseTrafficStatus] does. Nothing is changed where it is none.
func (s *TrafficStatus) UnmarshalText(text []byte) error {
	read, err := ParseTrafficStatus(string(text))
	if err == nil {
		*s = read
	}
	return err
}

// ParseRouteEnd reads what [RouteEnd.String] writes, also with `_` in the place of `-`. Empty is [EndNone]. It fails
// with an error that lists the words there are.
func ParseRouteEnd(word string) (RouteEnd, error) {
	if word == "" {
		return EndNone, nil
	}
	value, err := routeEnds.parse(word)
	return RouteEnd(value), err
}

// MarshalText writes the word of the JSON entry point. It fails where the value is none.
func (e RouteEnd) MarshalText() ([]byte, error) {
	if e == EndNone {
		return nil, nil
	}
	return routeEnds.text(uint8(e))
}

// UnmarshalText reads what [ParseRouteEnd] does. Nothing is changed where it is none.
func (e *RouteEnd) UnmarshalText(text []byte) error {
	read, err := ParseRouteEnd(string(text))
	if err == nil {
		*e = read
	}
	return err
}

// ParseCheckOutcome reads what [CheckOutcome.String] writes, also with `_` in the place of `-`. It fails with an error
// that lists the words there are.
func ParseCheckOutcome(word string) (CheckOutcome, error) {
	value, err := checkOutcomes.parse(word)
	return CheckOutcome(value), err
}

// MarshalText writes the word of the JSON entry point. It fails where the value is none.
func (o CheckOutcome) MarshalText() ([]byte, error) {
	return checkOutcomes.text(uint8(o))
}

// UnmarshalText reads what [ParseCheckOutcome] does. Nothing is changed where it is none.
func (o *CheckOutcome) UnmarshalText(text []byte) error {
	read, err := ParseCheckOutcome(string(text))
	if err == nil {
		*o = read
	}
	return err
}

// ParseSubStep reads what [SubStep.String] writes, also with `_` in the place of `-`. It fails with an error that lists
// the words there are.
func ParseSubStep(word string) (SubStep, error) {
	value, err := subSteps.parse(word)
	return SubStep(value), err
}

// MarshalText writes the word of the JSON entry point. It fails where the value is none.
func (s SubStep) MarshalText() ([]byte, error) {
	return subSteps.text(uint8(s))
}

// UnmarshalText reads what [ParseSubStep] does. Nothing is changed where it is none.
func (s *SubStep) UnmarshalText(text []byte) error {
	read, err := ParseSubStep(string(text))
	if err == nil {
		*s = read
	}
	return err
}
