"""Every field that a client may send, as one table: the class line of the wire.

Source: the published v1beta definitions (google.ai.generativelanguage, generative_
service.proto, content.proto), and the newer fields that Google's own client sends.
Left out, hence refused: what the API reference says the Live API does not support
(responseMimeType, responseSchema, logprobs, stopSequences and the like), and what
only the other platform takes (``sessionResumption.transparent``).
"""

from typing import Final

from edgevoice.simulator.wire import (
    Kind,
    anything,
    blob,
    boolean,
    duration,
    enum,
    int32,
    int64,
    mapping,
    message,
    number,
    repeated,
    string,
    struct,
)

_EMPTY: Final = message({})
_BLOB: Final = message({"mimeType": string, "data": blob})

# --- content -----------------------------------------------------------------

_FUNCTION_RESPONSE: Final = message(
    {
        "id": string,
        "name": string,
        "response": struct,
        "parts": repeated(message({"inlineData": _BLOB})),
        "willContinue": boolean,
        "scheduling": enum(
            "SCHEDULING_UNSPECIFIED", "SILENT", "WHEN_IDLE", "INTERRUPT"
        ),
    }
)

_PART_DATA: Final[dict[str, Kind]] = {
    "text": string,
    "inlineData": _BLOB,
    "functionCall": message({"id": string, "name": string, "args": struct}),
    "functionResponse": _FUNCTION_RESPONSE,
    "fileData": message({"mimeType": string, "fileUri": string}),
    "executableCode": message(
        {"language": enum("LANGUAGE_UNSPECIFIED", "PYTHON"), "code": string}
    ),
    "codeExecutionResult": message(
        {
            "outcome": enum(
                "OUTCOME_UNSPECIFIED",
                "OUTCOME_OK",
                "OUTCOME_FAILED",
                "OUTCOME_DEADLINE_EXCEEDED",
            ),
            "output": string,
        }
    ),
}

_PART: Final = message(
    {
        **_PART_DATA,
        "videoMetadata": message(
            {"startOffset": duration, "endOffset": duration, "fps": number}
        ),
        "thought": boolean,
        "thoughtSignature": blob,
        "partMetadata": struct,
    },
    oneof=frozenset(_PART_DATA),
)

_CONTENT: Final = message({"parts": repeated(_PART), "role": string})

# --- tools -------------------------------------------------------------------

_SCHEMA_FIELDS: Final[dict[str, Kind]] = {
    "type": enum(
        "TYPE_UNSPECIFIED",
        "STRING",
        "NUMBER",
        "INTEGER",
        "BOOLEAN",
        "ARRAY",
        "OBJECT",
        "NULL",
    ),
    "format": string,
    "title": string,
    "description": string,
    "nullable": boolean,
    "enum": repeated(string),
    "maxItems": int64,
    "minItems": int64,
    "required": repeated(string),
    "minProperties": int64,
    "maxProperties": int64,
    "minimum": number,
    "maximum": number,
    "minLength": int64,
    "maxLength": int64,
    "pattern": string,
    "example": anything,
    "propertyOrdering": repeated(string),
    "default": anything,
}
_SCHEMA: Final = message(_SCHEMA_FIELDS)
_SCHEMA_FIELDS["items"] = _SCHEMA
_SCHEMA_FIELDS["anyOf"] = repeated(_SCHEMA)
_SCHEMA_FIELDS["properties"] = mapping(_SCHEMA)

_TOOL: Final = message(
    {
        "functionDeclarations": repeated(
            message(
                {
                    "name": string,
                    "description": string,
                    "parameters": _SCHEMA,
                    "parametersJsonSchema": anything,
                    "response": _SCHEMA,
                    "responseJsonSchema": anything,
                    "behavior": enum("UNSPECIFIED", "BLOCKING", "NON_BLOCKING"),
                }
            )
        ),
        "googleSearchRetrieval": message(
            {
                "dynamicRetrievalConfig": message(
                    {
                        "mode": enum("MODE_UNSPECIFIED", "MODE_DYNAMIC"),
                        "dynamicThreshold": number,
                    }
                )
            }
        ),
        "googleSearch": message(
            {"timeRangeFilter": message({"startTime": string, "endTime": string})}
        ),
        "codeExecution": _EMPTY,
        "urlContext": _EMPTY,
        "googleMaps": message({"enableWidget": boolean}),
        "computerUse": message(
            {
                "environment": enum("ENVIRONMENT_UNSPECIFIED", "ENVIRONMENT_BROWSER"),
                "excludedPredefinedFunctions": repeated(string),
            }
        ),
        "fileSearch": message(
            {
                "retrievalResources": repeated(message({"ragStoreName": string})),
                "retrievalConfig": message({"topK": int32, "metadataFilter": string}),
            }
        ),
    }
)

# --- setup -------------------------------------------------------------------

_VOICE: Final = message({"prebuiltVoiceConfig": message({"voiceName": string})})

_GENERATION_CONFIG: Final[dict[str, Kind]] = {
    "candidateCount": int32,
    "maxOutputTokens": int32,
    "temperature": number,
    "topP": number,
    "topK": int32,
    "seed": int32,
    "presencePenalty": number,
    "frequencyPenalty": number,
    "enableEnhancedCivicAnswers": boolean,
    "responseModalities": repeated(
        enum("MODALITY_UNSPECIFIED", "TEXT", "IMAGE", "AUDIO")
    ),
    "speechConfig": message(
        {
            "voiceConfig": _VOICE,
            "multiSpeakerVoiceConfig": message(
                {
                    "speakerVoiceConfigs": repeated(
                        message({"speaker": string, "voiceConfig": _VOICE})
                    )
                }
            ),
            "languageCode": string,
        }
    ),
    "thinkingConfig": message(
        {
            "includeThoughts": boolean,
            "thinkingBudget": int32,
            "thinkingLevel": enum("MINIMAL", "LOW", "MEDIUM", "HIGH"),
        }
    ),
    "imageConfig": message({"aspectRatio": string}),
    "mediaResolution": enum(
        "MEDIA_RESOLUTION_UNSPECIFIED",
        "MEDIA_RESOLUTION_LOW",
        "MEDIA_RESOLUTION_MEDIUM",
        "MEDIA_RESOLUTION_HIGH",
    ),
    "translationConfig": message(
        {"targetLanguageCode": string, "echoTargetLanguage": boolean}
    ),
}

_REALTIME_INPUT_CONFIG: Final = message(
    {
        "automaticActivityDetection": message(
            {
                "disabled": boolean,
                "startOfSpeechSensitivity": enum(
                    "START_SENSITIVITY_UNSPECIFIED",
                    "START_SENSITIVITY_HIGH",
                    "START_SENSITIVITY_LOW",
                ),
                "prefixPaddingMs": int32,
                "endOfSpeechSensitivity": enum(
                    "END_SENSITIVITY_UNSPECIFIED",
                    "END_SENSITIVITY_HIGH",
                    "END_SENSITIVITY_LOW",
                ),
                "silenceDurationMs": int32,
            }
        ),
        "activityHandling": enum(
            "ACTIVITY_HANDLING_UNSPECIFIED",
            "START_OF_ACTIVITY_INTERRUPTS",
            "NO_INTERRUPTION",
        ),
        "turnCoverage": enum(
            "TURN_COVERAGE_UNSPECIFIED",
            "TURN_INCLUDES_ONLY_ACTIVITY",
            "TURN_INCLUDES_ALL_INPUT",
            "TURN_INCLUDES_AUDIO_ACTIVITY_AND_ALL_VIDEO",
        ),
        "interimTranscriptTimestampEnabled": boolean,
    }
)

_TRANSCRIPTION: Final = message(
    {
        "languageCodes": repeated(string),
        "customVocabulary": repeated(string),
        "mode": enum("MODE_UNSPECIFIED", "VERBATIM", "SMART"),
        "wordTimestamp": boolean,
        "diarization": boolean,
        "sourceText": string,
    }
)

_SETUP: Final[dict[str, Kind]] = {
    "model": string,
    "generationConfig": message(_GENERATION_CONFIG),
    "systemInstruction": _CONTENT,
    "tools": repeated(_TOOL),
    "realtimeInputConfig": _REALTIME_INPUT_CONFIG,
    "sessionResumption": message({"handle": string}),
    "contextWindowCompression": message(
        {
            "triggerTokens": int64,
            "slidingWindow": message({"targetTokens": int64}),
        }
    ),
    "inputAudioTranscription": _TRANSCRIPTION,
    "outputAudioTranscription": _TRANSCRIPTION,
    "historyConfig": message({"initialHistoryInClientContent": boolean}),
    "avatarConfig": message(
        {
            "avatarName": string,
            "customizedAvatar": message({"imageMimeType": string, "imageData": blob}),
            "audioBitrateBps": int32,
            "videoBitrateBps": int32,
        }
    ),
    "safetySettings": repeated(message({"category": string, "threshold": string})),
    "labels": mapping(string),
}

_ONLY_V1ALPHA: Final[dict[str, Kind]] = {
    "proactivity": message({"proactiveAudio": boolean, "proactiveVideo": boolean}),
    "generationConfig": message(
        _GENERATION_CONFIG | {"enableAffectiveDialog": boolean}
    ),
}

# --- the client message ------------------------------------------------------


def _client_message(setup: dict[str, Kind]) -> Kind:
    return message(
        {
            "setup": message(setup),
            "clientContent": message(
                {"turns": repeated(_CONTENT), "turnComplete": boolean}
            ),
            "realtimeInput": message(
                {
                    "mediaChunks": repeated(_BLOB),
                    "audio": _BLOB,
                    "audioStreamEnd": boolean,
                    "video": _BLOB,
                    "text": string,
                    "activityStart": _EMPTY,
                    "activityEnd": _EMPTY,
                }
            ),
            "toolResponse": message(
                {"functionResponses": repeated(_FUNCTION_RESPONSE)}
            ),
            "contextUpdate": message(
                {
                    "systemInstruction": _CONTENT,
                    "tools": message({"tools": repeated(_TOOL)}),
                }
            ),
        }
    )


CLIENT_MESSAGE: Final = {
    "v1alpha": _client_message(_SETUP | _ONLY_V1ALPHA),
    "v1beta": _client_message(_SETUP),
    "v1": _client_message(_SETUP),
}
"""API version to what its server accepts."""
