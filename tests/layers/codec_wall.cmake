# Asks the compiler for all that each codec file includes: no Asio, and none of the forbidden headers.
cmake_minimum_required(VERSION 3.25)
list(FILTER includes INCLUDE REGEX .)
list(TRANSFORM includes PREPEND -I)

foreach(file IN LISTS headers sources)
    execute_process(
        COMMAND ${compiler} -std=c++20 -x c++ -M ${includes} ${file}
        OUTPUT_VARIABLE included
        COMMAND_ERROR_IS_FATAL ANY
    )
    string(REGEX REPLACE "[ \\\n]+" ";" included "${included}")
    foreach(path IN LISTS included)
        if(path MATCHES "include/asio(/|[.]hpp$)" OR path IN_LIST forbidden)
            message(SEND_ERROR "${file} includes ${path}")
            break()
        endif()
    endforeach()
endforeach()
