package sandbox

import (
	"errors"
	"fmt"
	"net/http"
)

// APIError is an error answer of a simulated service.
type APIError struct {
	Code    string
	Status  int // HTTP status
	Message string
	Header  map[string]string // further headers of the answer
	Members map[string]string // further members of the error document
}

// Error makes an error answer. Code is the code on the wire, which for query
// services is not always the SDK's type name ("NoSuchEntity").
func Error(code string, status int, message string) *APIError {
	return &APIError{Code: code, Status: status, Message: message}
}

// Errorf is Error with a formatted message.
func Errorf(code string, status int, format string, args ...any) *APIError {
	return Error(code, status, fmt.Sprintf(format, args...))
}

func (e *APIError) Error() string { return fmt.Sprintf("%s (%d): %s", e.Code, e.Status, e.Message) }

// asAPIError turns what a handler returned into an answer: bad input becomes the
// service's validation error, anything unforeseen an internal error.
func asAPIError(err error, s *service) *APIError {
	var answer *APIError
	if errors.As(err, &answer) {
		return answer
	}
	var bad badInput
	if errors.As(err, &bad) {
		return Error(s.invalidCode(), http.StatusBadRequest, bad.problem)
	}
	internal := s.Protocol.vocabulary().internal
	internal.Message = "the sandbox itself failed: " + err.Error()
	return &internal
}

// vocabulary is how a protocol words the errors that do not depend on the service.
type vocabulary struct {
	throttled, internal, denied, regionOff APIError
}

const internalMessage = "The request processing has failed because of an unknown error, exception or failure."

var jsonVocabulary = vocabulary{
	throttled: APIError{Code: "ThrottlingException", Status: 400, Message: "Rate exceeded"},
	internal:  APIError{Code: "InternalServerException", Status: 500, Message: internalMessage},
	denied:    APIError{Code: "AccessDeniedException", Status: 400},
	regionOff: APIError{Code: "UnrecognizedClientException", Status: 400, Message: "The security token included in the request is invalid."},
}

var restJSONVocabulary = vocabulary{
	throttled: APIError{Code: "ThrottlingException", Status: 429, Message: "Rate exceeded"},
	internal:  jsonVocabulary.internal,
	denied:    APIError{Code: "AccessDeniedException", Status: 403},
	regionOff: APIError{Code: "UnrecognizedClientException", Status: 403, Message: jsonVocabulary.regionOff.Message},
}

var queryVocabulary = vocabulary{
	throttled: APIError{Code: "Throttling", Status: 400, Message: "Rate exceeded"},
	internal:  APIError{Code: "InternalFailure", Status: 500, Message: internalMessage},
	denied:    APIError{Code: "AccessDenied", Status: 403},
	regionOff: APIError{Code: "InvalidClientTokenId", Status: 403, Message: "The security token included in the request is invalid."},
}

var ec2Vocabulary = vocabulary{
	throttled: APIError{Code: "RequestLimitExceeded", Status: 503, Message: "Request limit exceeded."},
	internal:  APIError{Code: "InternalError", Status: 500, Message: internalMessage},
	denied:    APIError{Code: "UnauthorizedOperation", Status: 403},
	regionOff: APIError{Code: "AuthFailure", Status: 401, Message: "AWS was not able to validate the provided access credentials"},
}

var s3Vocabulary = vocabulary{
	throttled: APIError{Code: "SlowDown", Status: 503, Message: "Please reduce your request rate."},
	internal:  APIError{Code: "InternalError", Status: 500, Message: "We encountered an internal error. Please try again."},
	denied:    APIError{Code: "AccessDenied", Status: 403},
	regionOff: APIError{Code: "InvalidAccessKeyId", Status: 403, Message: "The AWS Access Key Id you provided does not exist in our records."},
}

// unknownOperation answers calls that no simulator takes.
func unknownOperation(status int, service, operation string) *APIError {
	return Errorf("UnknownOperationException", status, "the sandbox does not simulate %s of service %q", operation, service)
}
